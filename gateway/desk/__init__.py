"""The front desk: handing a chat to a person and back (docs/handoff.md).

    desk = Desk(...)                                      # made in edition.py, app.state.desk
    await desk.queue()                                    # who waits, oldest wait first
    await desk.claim(conversation_id, staff_id, name)     # the assistant is silent from here on ...
    await desk.reply(conversation_id, staff_id, text, key)
    await desk.hand_back(conversation_id, staff_id, recap)  # ... to here

`handoffs` holds what happens inside a transaction, `service` is the side of the staff, `patients` the side of the
patient, `front_desk` knows whether anybody is there, `alerts` sees to it that nobody waits in silence.
"""
