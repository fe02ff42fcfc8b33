package config

import (
	"fmt"
	"log/slog"
	"strings"
)

// Secrets come from the environment only. They never print their values.
type Secrets struct {
	GitLabToken   string
	SlackBotToken string
}

// SecretsFromEnv reads GITLAB_TOKEN and SLACK_BOT_TOKEN.
func SecretsFromEnv(getenv func(string) string) Secrets {
	return Secrets{GitLabToken: getenv("GITLAB_TOKEN"), SlackBotToken: getenv("SLACK_BOT_TOKEN")}
}

// Check names every secret that is missing, and what it is for.
func (s Secrets) Check() error {
	var missing []string
	for _, secret := range [][3]string{
		{s.GitLabToken, "GITLAB_TOKEN", "an access token of GitLab with the scope api"},
		{s.SlackBotToken, "SLACK_BOT_TOKEN", "the bot token of the Slack app, xoxb-…"},
	} {
		if secret[0] == "" {
			missing = append(missing, fmt.Sprintf("%s (%s)", secret[1], secret[2]))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the environment lacks %s", strings.Join(missing, " and "))
	}
	return nil
}

const redacted = "[secret]"

// String hides the values.
func (Secrets) String() string { return redacted }

// GoString hides the values.
func (Secrets) GoString() string { return redacted }

// LogValue hides the values.
func (Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the values.
func (Secrets) MarshalText() ([]byte, error) { return []byte(redacted), nil }
