"""govcrawl: China's education departments and the news about them, as WARC and Parquet."""

__version__ = "0.3.0"
