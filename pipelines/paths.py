"""Where things lie under one data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assets.catalogue.base_profile import BASE_PROFILE

PROFILES = "profiler"
COPIES = "sakerhetskopior"
"""Backups, and the warehouse as it was before it was brought to a newer version."""


def profile_root(home: Path, profile_id: str) -> Path:
    """A profile's own data folder: the installation's for the base, `profiler/<id>/` in it for another."""
    return home if profile_id == BASE_PROFILE else home / PROFILES / profile_id


def staging_folder(home: Path) -> Path:
    """Where a backup is unpacked, beside the data folder that it will take the place of."""
    return home.with_name(f".{home.name}.aterstalls")


@dataclass(frozen=True)
class Paths:
    """The folders of a profile; `root` is normally `data/` beside the code, for the base."""

    root: Path

    def home(self, active: str) -> Path:
        """The installation's data folder, when `root` is the folder of the active profile."""
        return self.root if active == BASE_PROFILE else self.root.parents[1]

    def of_profile(self, active: str, profile_id: str) -> Paths:
        """The folders of another profile of the same installation."""
        return Paths(profile_root(self.home(active), profile_id))

    @property
    def surveys(self) -> Path:
        """Inbox for survey deliveries."""
        return self.root / "inbox" / "enkat"

    @property
    def registers(self) -> Path:
        """Inbox for register files."""
        return self.root / "inbox" / "register"

    @property
    def forms(self) -> Path:
        """Inbox for filled forms about activities, preconditions and decisions; only the base has such forms."""
        return self.root / "inbox" / "formular"

    @property
    def blank_forms(self) -> Path:
        """Forms to send out, one folder per round."""
        return self.root / "formular"

    @property
    def approvals_inbox(self) -> Path:
        """Inbox for approval files."""
        return self.root / "inbox" / "godkannanden"

    @property
    def approvals(self) -> Path:
        """Decisions on bundles that have been taken in, by the manifest's hash."""
        return self.root / "godkannanden"

    @property
    def releases(self) -> Path:
        """What belongs to previews but never to a bundle: approval forms and cells."""
        return self.root / "utgivning"

    @property
    def published(self) -> Path:
        """Sealed archives: what has been published."""
        return self.root / "publicerat"

    @property
    def rejected(self) -> Path:
        """Files that were set aside, each with its sentence beside it."""
        return self.root / "inbox" / "avvisade"

    @property
    def codebooks(self) -> Path:
        """The steward's own codebooks."""
        return self.root / "kodbocker"

    @property
    def settings(self) -> Path:
        """The steward's saved settings of runs."""
        return self.root / "installningar"

    @property
    def archive(self) -> Path:
        """Copies of everything received, by hash."""
        return self.root / "arkiv"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / "warehouse.duckdb"

    @property
    def reports(self) -> Path:
        """Finished bundles."""
        return self.root / "reports"

    @property
    def quality(self) -> Path:
        """Quality pages per delivery, for the person who takes deliveries in."""
        return self.root / "kvalitet"

    @property
    def notices(self) -> Path:
        """What stopped, as files for the person who looks after the runs."""
        return self.root / "meddelanden"

    @property
    def cache(self) -> Path:
        """What a second demo run can reuse."""
        return self.root / "cache"

    @property
    def history(self) -> Path:
        """Released numbers of the latest runs, by content hash, so that two runs can be compared."""
        return self.root / "historik"

    @property
    def history_locks(self) -> Path:
        """What tells that a run's process lives."""
        return self.history / "las"

    def keys(self, active: str) -> Path:
        """The installation's sealing key, the same for all profiles; readable by its owner only."""
        return self.home(active) / "nycklar"

    def make(self) -> None:
        """Create the folders that people look for."""
        for folder in (self.surveys, self.registers, self.rejected, self.codebooks, self.archive, self.reports):
            folder.mkdir(parents=True, exist_ok=True)
        if self.root.parent.name != PROFILES:
            self.forms.mkdir(parents=True, exist_ok=True)
            self.approvals_inbox.mkdir(parents=True, exist_ok=True)
