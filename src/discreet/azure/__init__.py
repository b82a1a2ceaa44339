"""Azure: records to Application Insights and to Log Analytics. Needs `discreet[azure]`."""

from discreet.azure.check import check
from discreet.azure.ingestion import ApplicationInsights, from_environment, provider_exports_to_azure
from discreet.azure.logs_ingestion import LogsIngestion

__all__ = ["ApplicationInsights", "LogsIngestion", "check", "from_environment", "provider_exports_to_azure"]
