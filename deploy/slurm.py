"""Serve the lab on a login node of a Slurm cluster, with its workers as jobs: ``python deploy/slurm.py --no-browser``.

Needs ``pip install dask-jobqueue``. All nodes share this environment, ``LAB_HOME`` and ``LAB_DATA``. The arguments are
options of ``serve``. Dask speaks without TLS here: keep it inside the cluster's own network.
"""

import subprocess
import sys

from dask_jobqueue import SLURMCluster

JOBS = 2

if __name__ == "__main__":
    with SLURMCluster(
        cores=5,
        processes=1,
        memory="32GB",
        walltime="08:00:00",
        job_extra_directives=["--gres=gpu:1"],
        worker_extra_args=["--resources", "quick=2,short=2,long=1", "--preload", "lab.engine.warm"],
    ) as cluster:
        if "--show-job" in sys.argv:
            print(cluster.job_script())
            sys.exit()
        cluster.scale(jobs=JOBS)
        serve = [sys.executable, "-m", "lab", "serve", "--scheduler", cluster.scheduler_address, *sys.argv[1:]]
        sys.exit(subprocess.run(serve, check=False).returncode)
