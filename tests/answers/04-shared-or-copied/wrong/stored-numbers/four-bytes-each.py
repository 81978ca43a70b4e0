# misconception: wrong-result
def stored_numbers(model):
    storages = {p.data_ptr(): p.untyped_storage().nbytes() for p in model.parameters()}
    return sum(storages.values()) // 4
