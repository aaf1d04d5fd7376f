"""A run's verdict and report."""
