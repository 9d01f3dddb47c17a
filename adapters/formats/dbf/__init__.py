"""DBF tables (dBASE III, FoxPro and Visual FoxPro), read record block by record block without a driver."""
