#!/bin/bash
#SBATCH --job-name=adversarial-lab
#SBATCH --array=1-2
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --mem=32G
#SBATCH --time=08:00:00
#
# Two workers of the lab as jobs of Slurm. On the login node, in the environment in which the lab is installed:
#
#   dask scheduler --port 8786 --no-dashboard &
#   sbatch deploy/slurm.sh tcp://$(hostname):8786
#   python -m lab evaluate --model standard --scheduler tcp://$(hostname):8786
#   python -m lab serve --no-browser --scheduler tcp://$(hostname):8786
#
# All nodes share that environment, LAB_HOME and LAB_DATA, which sbatch hands on. Dask speaks without TLS here: keep it
# inside the cluster's own network.

exec python -m lab worker "$1" --name "${SLURM_JOB_NAME:-worker}-${SLURM_ARRAY_TASK_ID:-1}"
