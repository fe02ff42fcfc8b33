package temporalx

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADevServerWhosePortWasTakenStartsOnAnotherOne(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a Temporal server")
	}
	cli, err := DevServerExecutable(t.Context(), nil)
	require.NoError(t, err)
	other, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = other.Close() }()
	taken := other.Addr().String()

	_, err = StartDevServer(t.Context(), DevServerOptions{Executable: cli, Address: taken})
	require.ErrorIs(t, err, errTaken, "a port that was asked for is not replaced")

	asked := 0
	server, err := startDevServer(t.Context(), DevServerOptions{Executable: cli},
		func(ctx context.Context) (string, error) {
			if asked++; asked == 1 {
				return taken, nil
			}
			return freeAddress(ctx)
		})
	require.NoError(t, err)
	assert.NotEqual(t, taken, server.Address)
	assert.NoError(t, server.Stop())
}
