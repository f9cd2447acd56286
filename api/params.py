"""Names in addresses, checked before anything looks them up."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path

ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$"
_LONG_ID = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,159}$"

ContractId = Annotated[str, Path(pattern=ID, examples=["C-0001"])]
PersonId = Annotated[str, Path(pattern=ID, examples=["P-0001"])]
TemplateId = Annotated[str, Path(pattern=ID, examples=["beauty-full-time"])]
TrackId = Annotated[str, Path(pattern=ID, examples=["beauty"])]
SignalId = Annotated[str, Path(pattern=ID, examples=["team_traffic.2025-08.0123456789ab"])]
SchemeId = Annotated[str, Path(pattern=ID, examples=["beauty-2025"])]
MetricId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["sales"])]
RunId = Annotated[str, Path(pattern=ID, examples=["2025-03-1"])]
PayoutId = Annotated[str, Path(pattern=_LONG_ID, examples=["2025-03-1.C-0001.net"])]
BatchId = Annotated[str, Path(pattern=_LONG_ID, examples=["shop-0a1b2c3d4e5f60718293a4b5"])]
LawTableId = Annotated[str, Path(pattern=ID, examples=["cn.wages.cumulative"])]
KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", examples=["0f1e2d3c4b5a6978"])]
OneOffId = Annotated[str, Path(pattern=ID, examples=["B-2025-1"])]
