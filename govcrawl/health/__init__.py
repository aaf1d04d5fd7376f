"""Whether each site's archive is fresh and whole, judged from its run files and captures alone."""
