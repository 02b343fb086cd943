"""The samplers a drawing can name, as diffusers' schedulers over the noise schedule of its base."""

from __future__ import annotations

from typing import Any

from loraloom.generate.draw import scheduler_for
from loraloom.generate.parts import Parts
from loraloom.spec.drawing import Sampler

LCM_STEPS = 50
"""Steps of the schedule that LCM's few are picked from (Luo et al. 2023, arXiv:2310.04378)."""


def sampler_for(parts: Parts, sampler: Sampler, steps: int) -> Any:
    """A fresh scheduler for `steps` steps. Betas, prediction type and spacing are those that DDIM gets from the base.

    `dpmpp_2m_karras` is DPM-Solver++ of second order (Lu et al. 2022, arXiv:2211.01095) at the noise levels of Karras et
    al. 2022 (arXiv:2206.00364).
    """
    ddim = scheduler_for(parts)
    if sampler == "ddim":
        return ddim
    kept: dict[str, Any] = {
        name: ddim.config[name]
        for name in (
            *("num_train_timesteps", "beta_start", "beta_end", "beta_schedule", "prediction_type"),
            *("timestep_spacing", "steps_offset", "rescale_betas_zero_snr"),
        )
    }
    if sampler == "euler":
        from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

        return EulerDiscreteScheduler(**kept)
    if sampler == "euler_a":
        from diffusers.schedulers.scheduling_euler_ancestral_discrete import EulerAncestralDiscreteScheduler

        return EulerAncestralDiscreteScheduler(**kept)
    if sampler == "dpmpp_2m_karras":
        from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler

        return DPMSolverMultistepScheduler(**kept, algorithm_type="dpmsolver++", solver_order=2, use_karras_sigmas=True)
    from diffusers.schedulers.scheduling_lcm import LCMScheduler

    fixed: dict[str, Any] = {
        "clip_sample": False,
        "set_alpha_to_one": False,
        "original_inference_steps": max(LCM_STEPS, steps),
    }
    return LCMScheduler(**(kept | fixed))
