"""Runs in a Kubernetes cluster: each grant of a run is a Job; the server asks for it and looks what becomes of it."""

from loraloom.jobs.runners.kubernetes.manifest import JobAsk, job_of, secret_of
from loraloom.jobs.runners.kubernetes.runner import KubernetesRunner
from loraloom.jobs.runners.kubernetes.settings import GpuClass, Settings
from loraloom.jobs.runners.kubernetes.state import Phase, PodState

__all__ = ["GpuClass", "JobAsk", "KubernetesRunner", "Phase", "PodState", "Settings", "job_of", "secret_of"]
