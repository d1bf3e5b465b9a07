"""An invented health region whose deliveries reproduce the published figures."""
