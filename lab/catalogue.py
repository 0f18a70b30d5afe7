"""What there is to choose from: data sets and trained models. Reads folders and JSON only, no PyTorch."""
