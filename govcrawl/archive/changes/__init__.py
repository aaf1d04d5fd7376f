"""What has changed in the archive since a reader last looked."""
