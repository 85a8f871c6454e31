"""The Russian numbering plan and what is learnt from it: where a number lives, what kind it is, what time it is there.

`parser` turns typed text into numbers, `plan` numbers into regions, `zones` regions into wall clocks; `register` and
`names` read the state's register of ranges, `subjects` and `area_codes` are tables, `demo` is a small plan by hand.
"""
