package config

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Secrets come from the environment only. They never print their values.
type Secrets struct {
	// GitLabToken is an access token with the scope api.
	GitLabToken string
	// SlackBotToken is the bot token of the Slack app, xoxb-…
	SlackBotToken string
	// SlackAppToken is for the socket on which the Slack listener hears clicks,
	// xapp-… A day runs without it.
	SlackAppToken string
	// DatadogAPIKey lets events be written; without it Datadog is not used.
	DatadogAPIKey string
	// DatadogAppKey lets DORA records be written, which are looked for first, and
	// logs, monitors and events be read.
	DatadogAppKey string
}

// SecretsFromEnv reads GITLAB_TOKEN, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, DD_API_KEY
// and DD_APP_KEY. White space around a value, as files of secrets leave it, is dropped.
func SecretsFromEnv(getenv func(string) string) Secrets {
	get := func(name string) string { return strings.TrimSpace(getenv(name)) }
	return Secrets{
		GitLabToken: get("GITLAB_TOKEN"), SlackBotToken: get("SLACK_BOT_TOKEN"), SlackAppToken: get("SLACK_APP_TOKEN"),
		DatadogAPIKey: get("DD_API_KEY"), DatadogAppKey: get("DD_APP_KEY"),
	}
}

// Check names every secret that is needed and missing, and what it is for.
func (s Secrets) Check() error {
	var missing []string
	for _, secret := range []struct{ value, name, use string }{
		{s.GitLabToken, "GITLAB_TOKEN", "an access token of GitLab with the scope api: tags, jobs, pipelines, releases"},
		{s.SlackBotToken, "SLACK_BOT_TOKEN", "the bot token of the Slack app, xoxb-…: messages and topic"},
	} {
		if secret.value == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", secret.name, secret.use))
		}
	}
	if s.DatadogAppKey != "" && s.DatadogAPIKey == "" {
		missing = append(missing, "DD_API_KEY (the API key of Datadog: DD_APP_KEY alone opens nothing)")
	}
	if len(missing) > 0 {
		return fmt.Errorf("the environment lacks %s", strings.Join(missing, " and "))
	}
	return nil
}

const redacted = "[secret]"

// String hides the values.
func (Secrets) String() string { return redacted }

// Format hides the values from every verb; %d and the like pass String over.
func (Secrets) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the values.
func (Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the values from JSON and YAML.
func (Secrets) MarshalText() ([]byte, error) { return []byte(redacted), nil }
