"""The archive: its schemas, its writer, its state, its WARC. No Scrapy import."""
