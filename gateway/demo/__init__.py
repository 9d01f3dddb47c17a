"""The demonstration: a whole county on one machine, with real servers as its sources."""
