/** Tells the Gentrack connector about every change of a Contact. */
trigger GentrackContactTrigger on Contact (after insert, after update, after delete) {
    GentrackTriggerHandler.handle(Trigger.operationType, 'Contact', Trigger.old, Trigger.new);
}
