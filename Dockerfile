# The crawler with what its commands need, without a browser. docs/operate.md says how it is run.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY govcrawl govcrawl
RUN python -m venv /opt/govcrawl && /opt/govcrawl/bin/pip install -q --no-cache-dir '.[attachments,report]'

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 govcrawl && install -d -o govcrawl -g govcrawl /srv/govcrawl
COPY --from=build /opt/govcrawl /opt/govcrawl
ENV PATH=/opt/govcrawl/bin:$PATH SCRAPY_SETTINGS_MODULE=govcrawl.settings PYTHONUNBUFFERED=1
USER 10001
WORKDIR /srv/govcrawl
# The archive in data, the logs in log.
VOLUME /srv/govcrawl
# Docker keeps 2 for itself.
HEALTHCHECK --interval=1h --timeout=5m --start-period=24h CMD ["sh", "-c", "scrapy health || exit 1"]
ENTRYPOINT ["scrapy"]
CMD ["crawlall"]
