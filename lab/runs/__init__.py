"""Training runs: a folder for each, who holds it, and whose it is."""

from lab.runs.folders import (
    RunCard as RunCard,
    RunState as RunState,
    begin as begin,
    discard as discard,
    fail as fail,
    finished as finished,
    folder as folder,
    free_name as free_name,
    history as history,
    metrics as metrics,
    pause as pause,
    problems as problems,
    recipe_in as recipe_in,
    run_in as run_in,
    runs as runs,
    sign as sign,
    signature as signature,
    wanted as wanted,
)
