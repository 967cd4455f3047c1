/** Tells the Gentrack connector about every change of a AccountContactRelation. */
trigger GentrackAccountContactRelationTrigger on AccountContactRelation (after insert, after update, after delete) {
    GentrackTriggerHandler.handle(Trigger.operationType, 'AccountContactRelation', Trigger.old, Trigger.new);
}
