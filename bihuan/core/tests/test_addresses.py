from bihuan.core.addresses import address, row_address


def test_the_address_of_a_row_carries_its_number():
    assert row_address("hazards:detail", 42) == "/hazards/42/"
    assert row_address("hazards:print", 7) == "/hazards/7/print/"


def test_the_address_of_a_page():
    assert address("hazards:ledger") == "/hazards/"
