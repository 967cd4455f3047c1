/** Tells the Gentrack connector about every change of a Account. */
trigger GentrackAccountTrigger on Account (after insert, after update, after delete) {
    GentrackTriggerHandler.handle(Trigger.operationType, 'Account', Trigger.old, Trigger.new);
}
