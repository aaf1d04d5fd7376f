data_callback([
    {
        "title":"榆州市实验小学开设"田间课堂"",
        "digest":"",
        "docurl":"https://www.163.com/dy/article/JA11BB22CC33DD44.html?spss=dy",
        "commenturl":"https://comment.tie.163.com/JA11BB22CC33DD44.html",
        "tienum":"12",
        "label":"其它",
        "keywords":[
            {"akey_link":"/keywords/6/9/0001/1.html","keyname":"课堂"}
            ,
            {"akey_link":"/keywords/6/9/0002/1.html","keyname":"劳动教育"},
        ],
        "time":"03/28/2024 09:15:27",
        "newstype":"article",
        "pics3":[],
        "imgurl":"http://cms-bucket.ws.126.net/2024/0328/a.png",
        "add1":"",
    },
    {
        "title":"柳湾县	为乡村教师修建周转房",
        "docurl":"http://dy.163.com/v2/article/detail/JA55EE66FF77GG88.html",
        "tienum":"0",
        "time":"03/27/2024 18:02:00",
        "newstype":"article"
    },
    {
        "title":"图集：校园里的春天",
        "docurl":"https://www.163.com/photoview/00AJ0003/123456.html",
        "time":"03/26/2024 08:00:00",
        "newstype":"photoset"
    },
    {
        "title":"大学生返乡支教团走进泊河",
        "docurl":"//liaoning.news.163.com/24/0325/10/JA99HH00II11JJ22.html",
        "time":"03/25/2024 10:11:12",
        "newstype":"article"
    }
]);
