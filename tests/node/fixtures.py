"""What a test asks for when it needs JavaScript."""

import pytest

from tests.node.tools import NodeMissing, NodeTools
from tests.node.tools import node_tools as set_up


@pytest.fixture(scope="session")
def node_tools() -> NodeTools:
    """Skips where Node or its packages cannot be had (no network at the first run), with the reason."""
    try:
        return set_up()
    except NodeMissing as missing:
        pytest.skip(f"needs Node's packages: {missing}")
