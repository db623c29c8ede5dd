"""The paper's claims compared with our measurements, and tests of the results behind them."""
