"""The queries of the read models, over the database of a fact store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ledger.access import AccessStore
from ledger.queries import Pool
from ledger.store import FactStore
from ledger.teams import TeamStore
from projections.audit_queries import AuditHistory
from projections.contract_queries import ContractTerms
from projections.directory import Directory
from projections.expiry_watch import ExpiryWatch
from projections.payout_ledger import PayoutLedger


@dataclass(frozen=True, slots=True)
class Readers:
    """What the interface reads that is not folded from the ledger for each request."""

    pool: Pool
    access: AccessStore
    directory: Directory
    payouts: PayoutLedger
    expiries: ExpiryWatch
    audit: AuditHistory
    contracts: ContractTerms
    teams: TeamStore

    @classmethod
    def beside(cls, store: FactStore) -> Self:
        """The readers of a store's own database."""
        pool = store._pool
        return cls(
            pool,
            AccessStore(pool),
            Directory(pool),
            PayoutLedger(pool),
            ExpiryWatch(pool),
            AuditHistory(pool),
            ContractTerms(pool),
            TeamStore(pool),
        )
