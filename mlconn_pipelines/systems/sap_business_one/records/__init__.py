"""Records of the SAP Business One Service Layer (OData v4, /b1s/v2/), as far as we read them."""
