"""Every change to shared data, by area. Commands see rows in memory (`Work`): no query, clock, randomness, network."""
