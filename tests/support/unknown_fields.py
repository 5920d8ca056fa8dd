"""Names of fields that no contract will have, for tests of what the client and its neighbours make of unknown ones."""

UNKNOWN = "no_such_field"
ALSO_UNKNOWN = "no_field_either"
