module github.com/release-train/release-train/internal/tools/lint

go 1.26.0
