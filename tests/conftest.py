"""What holds for all tests. PyTorch's threads sleep while they wait: browser, server and engine share the cores."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
