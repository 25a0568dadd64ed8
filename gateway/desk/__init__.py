"""The front desk: the console of the staff, and handing a chat to a person and back (docs/handoff.md).

    desk = Desk(...)                                      # made in assembly.py
    await desk.queue()                                    # who waits, oldest wait first
    await desk.claim(conversation_id, staff_id, name)     # the assistant is silent from here on ...
    await desk.reply(conversation_id, staff_id, text, key)
    await desk.hand_back(conversation_id, staff_id, recap)  # ... to here

`service` is the side of the staff; the side of the patient, and whether anybody is there, is in `gateway/handoff`.
`alerts` sees to it that nobody waits in silence.
"""
