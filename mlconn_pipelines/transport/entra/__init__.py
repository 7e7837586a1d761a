"""Microsoft Entra ID: the token that an application signs in to Dynamics 365 with."""
