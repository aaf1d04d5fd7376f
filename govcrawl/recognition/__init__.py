"""What an unknown listing is: its CMS family, recognised and tried."""
