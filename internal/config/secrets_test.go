package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/release-train/release-train/internal/config"
)

func secrets(values map[string]string) config.Secrets {
	return config.SecretsFromEnv(func(k string) string { return values[k] })
}

func TestSecretsComeFromTheEnvironmentWithoutWhiteSpace(t *testing.T) {
	s := secrets(map[string]string{"GITLAB_TOKEN": "glpat-1\n", "SLACK_BOT_TOKEN": " xoxb-2", "SLACK_APP_TOKEN": "xapp-3"})
	assert.Equal(t, "glpat-1", s.GitLabToken)
	assert.Equal(t, "xoxb-2", s.SlackBotToken)
	assert.Equal(t, "xapp-3", s.SlackAppToken)
	assert.NoError(t, s.Check())

	s = secrets(map[string]string{"DD_API_KEY": "dd-4 ", "DD_APP_KEY": "dd-5\n"})
	assert.Equal(t, "dd-4", s.DatadogAPIKey)
	assert.Equal(t, "dd-5", s.DatadogAppKey)
}

func TestDatadogNeedsItsAPIKeyButNotTheOtherOne(t *testing.T) {
	values := map[string]string{"GITLAB_TOKEN": "g", "SLACK_BOT_TOKEN": "s"}
	assert.NoError(t, secrets(values).Check(), "Datadog is optional")
	values["DD_APP_KEY"] = "hunter2"
	err := secrets(values).Check()
	assert.EqualError(t, err, "the environment lacks DD_API_KEY (the API key of Datadog: DD_APP_KEY alone opens nothing)")
	values["DD_API_KEY"] = "hunter2"
	assert.NoError(t, secrets(values).Check())
	delete(values, "DD_APP_KEY")
	assert.NoError(t, secrets(values).Check(), "the API key alone is enough for events")
}

func TestEveryMissingSecretIsNamedAtOnceWithItsUse(t *testing.T) {
	err := secrets(nil).Check()
	require.Error(t, err)
	assert.Contains(t, err.Error(), "GITLAB_TOKEN (an access token of GitLab")
	assert.Contains(t, err.Error(), "SLACK_BOT_TOKEN (the bot token")
	assert.NotContains(t, err.Error(), "SLACK_APP_TOKEN", "a day runs without it")

	err = secrets(map[string]string{"GITLAB_TOKEN": "glpat-hunter2", "SLACK_BOT_TOKEN": "  "}).Check()
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "GITLAB_TOKEN")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestSecretsNeverPrintTheirValues(t *testing.T) {
	s := secrets(map[string]string{"GITLAB_TOKEN": "hunter2", "SLACK_BOT_TOKEN": "hunter2", "SLACK_APP_TOKEN": "hunter2",
		"DD_API_KEY": "hunter2", "DD_APP_KEY": "hunter2"})
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
		_, _ = fmt.Fprintf(&out, verb+verb+verb+"\n", s, &s, struct{ S config.Secrets }{s})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("text", "secrets", s, "in", struct{ S config.Secrets }{s})
	slog.New(slog.NewTextHandler(&out, nil)).Info("text", "secrets", s, "in", struct{ S config.Secrets }{s})
	data, err := json.Marshal(map[string]any{"s": s, "p": &s})
	require.NoError(t, err)
	out.Write(data)
	data, err = yaml.Marshal(map[string]any{"s": s})
	require.NoError(t, err)
	out.Write(data)
	out.WriteString(s.String())
	assert.NotContains(t, out.String(), "hunter2")
	assert.NotContains(t, out.String(), fmt.Sprintf("%x", "hunter2"))
	assert.Contains(t, out.String(), "[secret]")
}
