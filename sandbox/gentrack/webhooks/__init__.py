"""Events on their way to the app's endpoint: signed, retried, in order of each record, disturbed on demand.

Signature, envelope, the seven failures and the emails are public (R-SIG, R-TEST in the facts about GCIS);
retry times, concurrency and order are ours to define, as Gentrack documents none.
"""

from sandbox.gentrack.webhooks.deliverer import Deliverer
from sandbox.gentrack.webhooks.faults import DeliveryFault, DeliveryFaultKind
from sandbox.gentrack.webhooks.habits import Habits
from sandbox.gentrack.webhooks.subscription import Subscription

__all__ = ["Deliverer", "DeliveryFault", "DeliveryFaultKind", "Habits", "Subscription"]
