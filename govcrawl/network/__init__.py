"""How the crawler behaves towards servers: which it may ask, and how patiently."""
