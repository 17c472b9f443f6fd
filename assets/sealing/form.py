"""The approval file that lies ready beside a preview."""

from __future__ import annotations

import hashlib

from assets.sealing.approvals import APPROVED, REFUSED

TEXT = """\
# Godkännande av ett rapportpaket. Fyll i de tomma raderna, spara och lägg en kopia i mappen inbox/godkannanden.
# Två olika personer ska godkänna, var och en i sin egen fil. Den andra får inte vara den som gjorde paketet.
# Granska rapporten innan du skriver under: hela paketet, inte bara sammanfattningen.

# De två första raderna är ifyllda och ska inte ändras: de säger vilket paket det gäller, som det är just nu.
# Ändras en enda byte i paketet gäller godkännandet inte längre, och en ny mall läggs här.
paket: {bundle}
manifest_sha256: {sha}

# {approved} eller {refused}. Ett avslag stoppar paketet tills samma person har godkänt det.
beslut:

# För- och efternamn.
namn:

# Din roll, till exempel enhetschef eller statistikansvarig.
roll:

# Varför du godkänner eller avslår. Står i paketet och läses av mottagaren; skriv inget om enskilda personer.
skal:

# Dagens datum, till exempel 2026-11-22.
datum:
"""


def form_text(bundle: str, manifest: bytes) -> str:
    """The form with the bundle's name and the sum of its manifest."""
    return TEXT.format(bundle=bundle, sha=hashlib.sha256(manifest).hexdigest(), approved=APPROVED, refused=REFUSED)
