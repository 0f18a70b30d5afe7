"""The lab: attacks, defences and analyses of adversarial robustness, without any user interface."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("adversarial-lab")
except PackageNotFoundError:  # a checkout on the path that was never installed
    __version__ = "0+uninstalled"
