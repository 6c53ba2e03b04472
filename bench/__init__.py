"""What `make bench` runs: figures as ratios, each taken beside its peer in one run."""
