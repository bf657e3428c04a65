"""Where cells run and data are looked at."""
