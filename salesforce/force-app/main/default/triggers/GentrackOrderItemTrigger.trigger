/** Tells the Gentrack connector about every change of a OrderItem. */
trigger GentrackOrderItemTrigger on OrderItem (after insert, after update, after delete) {
    GentrackTriggerHandler.handle(Trigger.operationType, 'OrderItem', Trigger.old, Trigger.new);
}
