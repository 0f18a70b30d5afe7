"""Plug-ins: packages outside this repository that add attacks, recipes, data sets, analyses and pages."""

from lab.plugins.loading import (
    GROUP as GROUP,
    VARIABLE as VARIABLE,
    Plugin as Plugin,
    fault_in as fault_in,
    load as load,
    names as names,
    parts as parts,
    settle as settle,
)
