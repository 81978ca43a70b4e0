def stored_numbers(model):
    storages = {p.untyped_storage().data_ptr(): p.untyped_storage().nbytes() // p.element_size() for p in model.parameters()}
    return sum(storages.values())
