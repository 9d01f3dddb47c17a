"""The sealed batch: a signed manifest, a key envelope, an encrypted payload, and the receipt that answers it.

Owns the format of ENVELOPE.md, from bytes to trusted objects and back. Pure: bytes and streams in, trusted object or
exception out. It must never open a file, ask the clock, hold a private key, or import another room but `errors`.

    manifest   what is declared            `Manifest`, `ControlTotals`
    sealing    a batch is made             `new_key`, `seal_manifest`, `seal_keys`
    payload    the encrypted stream        `PayloadWriter`, `PayloadReader`
    sealed     a batch is verified         `Sealed`, `verify`, `Batch`, `check_payload`, `open_key`
    papers/    what people sign            `Papers`, `check_papers`, releases, nil declarations, orders
    receipt    the centre's answer         `Receipt`, `issue_receipt`, `check_receipt`
    report     files given in any order    `inspect`, `verify_files`
    parties    what it needs of the keys   `Signer`, `Decryptor`, `Trust`, `Identity`
"""
