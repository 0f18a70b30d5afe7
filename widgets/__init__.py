"""The pages: what a person sees and touches. Nothing here imports PyTorch."""
