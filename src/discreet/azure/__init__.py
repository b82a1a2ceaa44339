"""Azure: records to Application Insights and to Log Analytics. Needs `discreet[azure]`."""

from discreet.azure.check import check
from discreet.azure.ingestion import ApplicationInsights, from_environment
from discreet.azure.logs_ingestion import LogsIngestion
from discreet.azure.official import provider_exports_to_azure

__all__ = ["ApplicationInsights", "LogsIngestion", "check", "from_environment", "provider_exports_to_azure"]
