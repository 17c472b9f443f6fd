"""What runs by itself and the steward's own jobs, as far as the active profile reaches."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg

from assets.asset_keys import reached
from assets.catalogue.active import PROFILE
from pipelines.doctor_job import undersok_datorn
from pipelines.failure_notices import NOTICE_SENSORS
from pipelines.freshness import deliveries_in_time, kolla_farskhet, registers_fresh, weekly_freshness
from pipelines.register_refresh import hamta_register, yearly_registers
from pipelines.steward_jobs import build_preview_job, verifiera, visa_nyckel, visa_rojande, visa_utgivningar

FETCHES = PROFILE.is_base and bool(PROFILE.registers)
PUBLISHES = reached("published", "sealed_bundles")

AUTOMATION_SENSORS = NOTICE_SENSORS
AUTOMATION_CHECKS = (deliveries_in_time, registers_fresh) if FETCHES else ()
AUTOMATION_JOBS = (
    undersok_datorn,
    *((hamta_register, kolla_farskhet) if FETCHES else ()),
    *((verifiera, visa_nyckel, visa_rojande, visa_utgivningar) if PUBLISHES else ()),
)
SCHEDULES = (weekly_freshness, yearly_registers) if FETCHES else ()


def build_preview_jobs(defs: Callable[[], dg.Definitions]) -> tuple[dg.JobDefinition, ...]:
    """The job that makes previews, for a profile with bundles."""
    return (build_preview_job(defs),) if PUBLISHES else ()
