//! Rules over manifests: the host for rules that OPA compiled, the catalogue and the gate.
