"""Scrapy's settings in the order of its own template; each deviation says the default and why. Settings of this project
stand last, each with the part that reads it. All can be set with ``-s NAME=VALUE``."""

import os

from govcrawl import __version__

BOT_NAME = "govcrawl"

SPIDER_MODULES = ["govcrawl.spiders"]
NEWSPIDER_MODULE = "govcrawl.spiders"
COMMANDS_MODULE = "govcrawl.commands"
TEMPLATES_DIR = os.path.join(os.path.dirname(__file__), "templates")  # scrapy genspider -t trs: one for each CMS family

# A contact for the people who run the sites; set GOVCRAWL_CONTACT to yours.
GOVCRAWL_CONTACT = os.getenv("GOVCRAWL_CONTACT", "")
USER_AGENT = f"govcrawl/{__version__} (research archive of public notices; {GOVCRAWL_CONTACT or 'no contact set'})"

ROBOTSTXT_OBEY = True  # default False

# One connection per host, at a reader's pace; few requests wait in the queue, so that what is learnt of a host counts
# at once. Defaults: 16, 8, 0.
CONCURRENT_REQUESTS = 4
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1
AUTOTHROTTLE_ENABLED = True  # default False; never goes below DOWNLOAD_DELAY
AUTOTHROTTLE_START_DELAY = 1  # default 5
DOWNLOAD_TIMEOUT = 60  # default 180: a dead host must not eat the night
DOWNLOAD_MAXSIZE = 64 << 20  # default 1 GiB; no notice is larger
RETRY_TIMES = 2  # the default; what still fails is asked again by the next run

# Default True. Public notices need no session, and Scrapy's cookie code fetches a list of domains from another host. A site
# that answers only with its cookie sets custom_settings = {"COOKIES_ENABLED": True}.
COOKIES_ENABLED = False

# Off for safety: no console or control port, no other schemes than HTTP. Defaults: True, True, all handlers.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False
# For https Scrapy's own speaks TLS 1.2 and newer; old servers are asked again with what they have.
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None, "https": "govcrawl.network.tls.Handler"}

# Between redirects, robots.txt and decompression on one side and the network on the other, so that records hold what came.
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "govcrawl.network.browser.BrowserMiddleware": 540,
    "govcrawl.network.decoding.UnpackMiddleware": 590,
    "govcrawl.network.doors.CookieDoorMiddleware": 610,
    "govcrawl.network.guard.AddressGuardMiddleware": 20,
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,  # default 580
    "govcrawl.middlewares.PageRedirectMiddleware": 580,
    "govcrawl.network.politeness.PolitenessMiddleware": 880,
    "govcrawl.middlewares.WarcMiddleware": 890,
    "govcrawl.network.tls.OldServersMiddleware": 895,
}
DOWNLOADER = "govcrawl.network.downloader.CountingDownloader"  # default: Scrapy's, which counts too late
# Default True. A page that is shorter than its Content-Length is asked again, then kept and flagged `truncated`.
DOWNLOAD_FAIL_ON_DATALOSS = False
# Default scrapy.resolver.CachingThreadedResolver, which would follow a name to an inner address.
TWISTED_DNS_RESOLVER = "govcrawl.network.guard.GuardedResolver"
REDIRECT_MAX_TIMES = 10  # default 20

EXTENSIONS = {
    "govcrawl.extensions.ArchiveExtension": 0,
    "govcrawl.recognition.proposals.ProposalExtension": 10,
}

# The way of a page, in order.
ITEM_PIPELINES = {
    "govcrawl.pipelines.DedupeUrlPipeline": 100,
    "govcrawl.pipelines.PartsPipeline": 150,
    "govcrawl.pipelines.CleanPipeline": 200,
    "govcrawl.pipelines.MetadataPipeline": 300,
    "govcrawl.pipelines.QualityPipeline": 400,
    "govcrawl.pipelines.DedupeTextPipeline": 500,
    "govcrawl.pipelines.ValidatePipeline": 600,
    "govcrawl.attachments.fetching.AttachmentsPipeline": 700,
    "govcrawl.attachments.fetching.ImagesPipeline": 750,
    "govcrawl.pipelines.ParquetPipeline": 900,
}
# Default True: the source of the callback is parsed for every response, since a bound method is forgotten at once. A test
# of all spiders does it once.
WARN_ON_GENERATOR_RETURN_VALUE = False
CONCURRENT_ITEMS = 2  # default 100: so many tasks start for every response, of which an article is one item

LOG_LEVEL = "INFO"  # default DEBUG, which prints every item
MEMUSAGE_LIMIT_MB = 4096  # default 0: a runaway page must end the crawl, not the machine

# This project's own

# ArchiveExtension: a folder or s3://bucket/prefix. Default: data, or data/replay while replaying.
GOVCRAWL_DATA = os.getenv("GOVCRAWL_DATA")
# WarcMiddleware: a WARC file, a folder of them or a glob that answers every request instead of the network.
GOVCRAWL_REPLAY = os.getenv("GOVCRAWL_REPLAY")
# SiteArchive: rows and seconds after which a segment is committed. Small files cost readers 12 to 22 times.
GOVCRAWL_SEGMENT_ROWS = 2000
GOVCRAWL_SEGMENT_SECONDS = 600
# WarcWriter: size at which the next file is begun.
GOVCRAWL_WARC_BYTES = 1 << 30
# Archive: failed attempts in a row, over the runs, after which an address is given up.
GOVCRAWL_MAX_ATTEMPTS = 5
# AttachmentsPipeline: most files of one article, largest size of one, and the hosts that they may lie on beside the
# article's own.
GOVCRAWL_ATTACHMENTS = 50
GOVCRAWL_ATTACHMENT_BYTES = 64 << 20
GOVCRAWL_ATTACHMENT_HOSTS = ["gov.cn", "edu.cn"]
# ImagesPipeline: most images of one article that are recorded, for replaying the page as it looked. 0: none.
GOVCRAWL_IMAGES = 0
# PartsPipeline: most frames and pages of one article, and the largest size of one of them.
GOVCRAWL_FRAMES = 6
GOVCRAWL_ARTICLE_PAGES = 30
GOVCRAWL_PART_BYTES = 8 << 20
# PolitenessMiddleware: the longest Crawl-delay and Retry-After that are waited for, in seconds, and the challenges in a
# row after which a host is left alone for the rest of the run.
GOVCRAWL_CRAWL_DELAY_MAX = 30
GOVCRAWL_RETRY_AFTER_MAX = 300
GOVCRAWL_CHALLENGES = 3
# GuardedResolver, AddressGuardMiddleware: hosts that may lead to inner addresses, separated by commas; for tests.
GOVCRAWL_ALLOW_HOSTS = os.getenv("GOVCRAWL_ALLOW_HOSTS", "")
# BrowserMiddleware: Chromium's path where it is not on PATH, seconds that a page may take, and most requests of its
# scripts. Only for sites whose spider sets `browser`.
GOVCRAWL_CHROMIUM = os.getenv("GOVCRAWL_CHROMIUM")
GOVCRAWL_BROWSER_SECONDS = 60
GOVCRAWL_BROWSER_REQUESTS = 100
# ListingSpider: days after which an article that was not found is asked for again.
GOVCRAWL_NOT_FOUND_DAYS = 30
# ListingSpider: most rows that one list page can honestly hold, and most list pages of one walk.
GOVCRAWL_LIST_ROWS = 10_000
GOVCRAWL_LIST_PAGES = 5_000
# ListingSpider: when known articles are visited again, as age:interval in days, and how many of them in one run.
GOVCRAWL_REVISIT = "7:1 30:7 365:90 *:365"
GOVCRAWL_REVISITS = 200
# ListingSpider: days after which a channel is walked to its end again, for articles inserted with old dates.
GOVCRAWL_FULL_WALK_DAYS = 30
# The run file: which crawlall began the run. Set by it, so that it knows its own runs on whatever machine they were made.
GOVCRAWL_BATCH = None
# scrapy health: a shell command that gets the health JSON on standard input when an alarm begins or ends.
GOVCRAWL_ON_ALARM = os.getenv("GOVCRAWL_ON_ALARM")
